"""The component `aloi_attributes`, which predicts the attributes of mentions and relations."""
