"""The facts that texts state: who, relation, whom and when, with the sentence that states them."""
