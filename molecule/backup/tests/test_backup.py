# SPDX-License-Identifier: GPL-3.0-or-later
import json


def test_a_timer_backs_up(host, root):
    assert host.service("yitiji-backup.timer").is_running and host.service("yitiji-backup.timer").is_enabled
    assert "02:30:00" in root("systemctl show -p TimersCalendar yitiji-backup.timer")


def test_its_settings_hold_no_secret(root):
    settings = json.loads(root("cat /etc/yitiji/backup.json"))
    assert settings["recipients"] and "a key that nobody" not in json.dumps(settings)
    assert root("grep -rl 'a key that nobody' /etc /usr/local | wc -l") == "1"
    assert root("stat -c %a /etc/yitiji/backup.json /etc/yitiji/backup /var/lib/yitiji/backups") == "600\n700\n700"


def test_what_encrypts_and_copies_is_there(host):
    assert host.package("age").is_installed and host.package("rclone").is_installed


def test_a_backup_that_cannot_be_sent_says_so(host, root):
    """A real run of the unit: there are no data of a page here, and nobody answers to the copy."""
    root("systemctl start yitiji-backup.service")
    said = root("journalctl -u yitiji-backup --no-pager -o cat")
    assert "[LLM7" in said and "Traceback" not in said, said
