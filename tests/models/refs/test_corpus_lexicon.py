"""The names that a trained pipeline contains: of our corpus, and of documents of one's own."""

from pathlib import Path

import msgspec
from marked_documents import marked_document

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.refs.authority import load_named_refs
from aloi.models.refs.corpus_lexicon import pipeline_lexicon

CORPUS = Path(__file__).parents[3] / "corpus"


def test_names_are_from_the_list_of_refs_and_the_train_documents() -> None:
    """No document id, no private person, and nothing that only dev and test documents annotate."""
    corpus = Corpus.open(CORPUS)
    authority = load_named_refs(corpus.folder, corpus.manifest.refs, corpus.schema)
    train = corpus.split("train")
    lexicon = pipeline_lexicon(authority, train)
    assert lexicon is not None
    assert authority is not None
    content = msgspec.json.encode(lexicon).decode()
    assert not [each.id for each in corpus.documents if f'"{each.id}"' in content]
    refs = {ref for refs in lexicon.mentions.values() for ref in refs}
    assert refs <= {each.ref for document in train for each in document.entities}
    assert not [ref for ref in (*refs, *lexicon.types) if "#" in ref]
    assert lexicon.types.keys() == authority.refs.keys()


def test_documents_in_another_language_give_no_names() -> None:
    """The rules of the component are for French."""
    assert pipeline_lexicon(None, [marked_document("[Rome](LOC#roma)", lang="en")]) is None


def test_documents_without_refs_give_no_names() -> None:
    assert pipeline_lexicon(None, [marked_document("[Ana](PER)")]) is None
    found = pipeline_lexicon(None, [marked_document("[Rome](LOC#roma)", "secret-id")])
    assert found is not None
    assert found.mentions == {"LOC\trome": {"roma": ("0",)}}
