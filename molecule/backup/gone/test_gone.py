def test_the_node_is_as_it_was(root):
    root("listing >/var/lib/after")
    assert root("diff /var/lib/before /var/lib/after") == ""
