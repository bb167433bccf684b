PLACE = "/srv/models/yitiji-lab/tiny-r1-distill"


def test_what_was_fetched_is_gone_and_the_users_stays(root):
    assert root(f"find {PLACE} -type f") == f"{PLACE}/mine.txt"
