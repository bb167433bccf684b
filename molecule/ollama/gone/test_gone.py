# SPDX-License-Identifier: GPL-3.0-or-later
def test_the_engine_is_gone(root):
    assert root("systemctl list-unit-files --no-legend 'yitiji-ollama*'") == ""
    assert root("ss -ltnH '( sport = :8000 )'") == ""
    assert root("pgrep -u ollama; getent passwd ollama") == ""
    assert root("ls -d /opt/yitiji/ollama /var/lib/yitiji/ollama 2>/dev/null") == ""


def test_the_weights_stay(root):
    assert root("ls /srv/models/yitiji-lab/tiny-r1-distill-GGUF/*/*-of-00003.gguf | wc -l") == "3"
    assert root("test -d /srv/models/ollama && echo there") == "there"
