# SPDX-License-Identifier: GPL-3.0-or-later
def test_the_engine_is_gone(root):
    assert root("systemctl list-unit-files --no-legend 'yitiji-llamacpp*'") == ""
    assert root("docker ps --all --quiet") == ""
    assert root("ss -ltnH '( sport = :8000 )'") == ""
    assert root("ls -A /etc/yitiji/secrets /var/cache/yitiji 2>/dev/null | grep -v :") == ""


def test_the_weights_stay(root):
    assert root("ls /srv/models/yitiji-lab/*/tiny-r1-distill-BF16.gguf | wc -l") == "1"


def test_programs_of_other_roles_stay(root):
    assert root("ls -A /usr/local/lib/yitiji") == "weights-check"
    assert root("systemctl is-active yitiji-weights-check.timer") == "active"
