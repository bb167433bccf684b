# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The parts of tests/run and how they are run and told. Sourced.

closing='(passed|failed|skipped|error|errors|no tests ran).* in [0-9.]+s|^(Passed|Failed): |^Success: |^All checks passed'
output=$PWD/tests/output
short=(docker gateway)
# shellcheck disable=SC2034 # read by tests/run
long=(host_tuning weights docker_registry docker_upgrade firewall open_webui open_webui_sso gateway_acme nvidia_container_toolkit nvidia_driver appliance
    vllm_cluster llama_cpp ollama monitoring isolation backup customer uninstall)
told=()
failed=0
keep_lab=no
lab_pid=

run_part() {
    local name=$1 log="$output/logs/$1.log" t0=$SECONDS rc=0 verdict=ok
    printf '\n######## %s\n' "$name"
    set +e # so that it holds inside
    (
        set -e
        "part_$name"
    ) 2>&1 | tee "$log"
    rc=${PIPESTATUS[0]}
    set -e
    [ "$rc" -eq 0 ] || { verdict="FAILED ($rc)" && failed=1; }
    printf '######## %s: %s, %d s\n' "$name" "$verdict" $((SECONDS - t0))
    told+=("$(printf '%-9s %-12s %4d s   log: %s' "$name" "$verdict" $((SECONDS - t0)) "${log#"$PWD"/}")")
    # the runners' own closing lines, as they are
    while IFS= read -r line; do told+=("            $line"); done < <(grep -E "$closing" "$log" | tail -n 12)
    if [ "$rc" -ne 0 ]; then
        while IFS= read -r line; do told+=("          ! $line"); done \
            < <(grep -E '^(FAILED|ERROR|fatal:|\[ERROR\]|lab: )|: error|  error ' "$log" | head -n 8)
    fi
}

summary() {
    printf '\n======== tests: %d s\n' "$SECONDS"
    printf '%s\n' "${told[@]}"
    if [ "$failed" -ne 0 ]; then
        printf '======== FAILED\n'
        exit 1
    fi
    printf '======== passed\n'
}

# A lab of its own for this run, gone at the end whatever happens; the cache stays.
# A lab that was there before (YITIJI_LAB=mine) is used and left alone.
need_lab() { lab/lab serve "$@"; }

# A cold machine builds it for minutes, mostly from the network: beside the parts that need none.
begin_lab() {
    packages shellcheck njs chromium fonts-noto-cjk # apt is not for two at a time
    lab/lab serve >"$output/logs/lab-ahead.log" 2>&1 &
    lab_pid=$!
}

await_lab() { # what failed there, the next part tries again, and tells
    [ -n "$lab_pid" ] || return 0
    printf '\n==> the lab, begun beside the parts above\n'
    wait "$lab_pid" || true
    lab_pid=
    sed 's/^/    /' "$output/logs/lab-ahead.log"
}

clean_up() {
    trap - EXIT INT TERM
    local name
    [ -z "$lab_pid" ] || { kill "$lab_pid" 2>/dev/null || true; wait "$lab_pid" || true; }
    for name in "$YITIJI_LAB-own" "$YITIJI_LAB"; do # the first one is that of tests/integration/test_lab.py
        [ "$keep_lab" = no ] || [ "$name" != "$YITIJI_LAB" ] || continue
        [ -e "/run/netns/yitiji-$name" ] || continue
        YITIJI_LAB=$name lab/lab down || printf 'lab %s is not gone: YITIJI_LAB=%s lab/lab down\n' "$name" "$name" >&2
    done
}

packages() { # package -> only what is missing
    local missing=()
    for package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    printf '==> installing %s\n' "${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o DPkg::Lock::Timeout=600 "${missing[@]}" >/dev/null
}

part_lint() {
    local rc=0 shell=()
    packages shellcheck
    mapfile -t shell < <(git ls-files -z | xargs -0 awk 'FNR == 1 && /^#!.*\/(env )?(ba|da)?sh( |$)|^# shellcheck shell=/ {print FILENAME} {nextfile}' 2>/dev/null)
    # one core for ansible-lint, which takes as long as the rest
    (step ansible-lint -q --nocolor) >"$output/ansible-lint.log" 2>&1 &
    local linter=$!
    step shellcheck "${shell[@]}" || rc=1
    step yamllint --strict . || rc=1
    step ruff check . || rc=1
    step ruff format --check -q . || rc=1
    step vulture || rc=1
    MYPYPATH=.collections step mypy --strict -p ansible_collections.yitiji.deepseek.plugins.module_utils || rc=1
    step mypy lab/labkit || rc=1
    step mypy release || rc=1
    MYPYPATH=tests/lib step mypy tests/lib || rc=1
    # what nodes run is Python 3.8; annotations are never evaluated
    step vermin -q -t=3.8- --no-tips --violations --no-eval-annotations plugins/module_utils plugins/modules || rc=1
    step antsibull-changelog lint || rc=1
    step reuse lint -q || rc=1
    step python -m tests.checkers.words || rc=1
    ANSIBLE_COLLECTIONS_PATH=.collections step antsibull-docs lint-collection-docs --plugin-docs \
        --validate-collection-refs dependent --disallow-unknown-collection-refs . || rc=1
    rm -rf "$output/docs" && mkdir -p "$output/docs"
    ANSIBLE_COLLECTIONS_PATH=.collections step antsibull-docs collection --use-current --fail-on-error \
        --dest-dir "$output/docs" yitiji.deepseek >/dev/null || rc=1
    wait "$linter" || rc=1
    cat "$output/ansible-lint.log"
    return $rc
}

step() {
    local t0=$SECONDS rc=0
    printf '==> %s\n' "${*:1:4}"
    "$@" || rc=$?
    [ "$rc" -eq 0 ] || printf 'FAILED %s (%d)\n' "${*:1:4}" "$rc"
    printf '    %d s\n' $((SECONDS - t0))
    return "$rc"
}

part_unit() { python -m pytest -n 2 tests/unit; }

part_fault() { python -m pytest -n 2 tests/fault; }

part_attack() {
    packages njs # nginx's JavaScript, which judges requests
    python -m pytest tests/attack/quick
}

part_attack_lab() {
    need_lab
    python -m pytest -v -s tests/attack/lab
}

part_docs() {
    packages chromium fonts-noto-cjk
    python -m pytest -v tests/docs
}

part_sizing() { tests/sizing/parsers/run.sh; }

part_doctor() {
    need_lab
    python -m pytest tests/doctor
}

part_vm() {
    lab/lab up
    python -m pytest -x -v -s tests/vm
}

part_disk() {
    packages mmdebstrap systemd-container fdisk mtools e2fsprogs qemu-utils
    lab/lab serve --with llama_cpp --with webui
    python -m pytest -x -v -s tests/disk --ignore tests/disk/test_40_firmware.py
}

part_firmware() { # on the image that stands, if there is one
    packages mmdebstrap systemd-container fdisk mtools e2fsprogs qemu-utils
    lab/lab serve --with llama_cpp --with webui
    YITIJI_BAKED=1 python -m pytest -x -v -s tests/disk/test_40_firmware.py
}

part_build() {
    local rc=0
    step python -m pytest -n 2 tests/integration/test_artefact.py || rc=1
    checker plans --ends || rc=1
    return $rc
}

# One of tests/checkers, which have ansible-core's versions in environments of their own.
checker() { PYTHONPATH=tests/lib step python -m "tests.checkers.$1" "${@:2}"; }

part_sanity() {
    local rc=0
    for core in 2.17 2.18 2.19 2.20 2.21; do checker sanity "$core" || rc=1; done
    return $rc
}

part_cores() {
    local rc=0
    checker plans || rc=1
    checker importer || rc=1
    checker builder || rc=1
    checker ways || rc=1
    checker units 2.17 3.11 || rc=1
    checker units 2.19 3.13 || rc=1
    checker units 2.21 3.13 || rc=1
    return $rc
}

part_lab() {
    need_lab
    python -m pytest tests/integration/test_lab.py
}

part_e2e() { # the browser meets the node that stands, before it is uninstalled
    browser_tools
    need_lab
    python -m pytest -x -v -s tests/e2e/test_[1-3]*.py tests/browser tests/e2e/test_40_uninstall.py
}

part_settings() {
    need_lab
    python -m pytest -x -v -s tests/settings
}

part_heal() {
    need_lab
    python -m pytest -x -v -s tests/heal
}

part_pages() {
    packages chromium fonts-noto-cjk poppler-utils
    python -m pytest -v tests/pages
}

part_console() {
    packages chromium fonts-noto-cjk
    command -v node >/dev/null || packages nodejs
    command -v npm >/dev/null || packages npm
    (cd tests/console && npm ci --no-audit --no-fund --silent)
    local rc=0
    python -m pytest -v -s tests/console/test_page.py || rc=1
    need_lab
    python -m pytest -v -s tests/console/test_lab.py || rc=1
    return $rc
}

part_audit() {
    local rc=0
    python -m pytest -v -s tests/audit/test_local.py tests/audit/test_rules.py tests/audit/test_filter.py || rc=1
    need_lab
    python -m pytest -v -s tests/audit/test_lab.py tests/audit/test_filter_lab.py || rc=1
    return $rc
}

part_compliance() {
    need_lab
    python -m pytest -x -v -s tests/compliance
}

part_acceptance() {
    packages chromium fonts-noto-cjk poppler-utils nftables
    python -m pytest -x -v -s tests/acceptance/test_05_report.py tests/acceptance/test_1*.py || return
    need_lab --with llama_cpp --with ollama
    python -m pytest -x -v -s tests/acceptance/test_20_lab.py tests/acceptance/test_30_engines.py
}

part_paramiko() {
    need_lab
    python -m pytest -x -v -s tests/paramiko
}

part_newcomer() {
    need_lab
    python -m pytest -x -v -s tests/newcomer
}

part_quickstart() {
    need_lab
    python -m pytest -v -s tests/quickstart
}

part_share() {
    need_lab
    python -m pytest -x -v -s tests/share
}

part_rpm() { # the unit tests of its table and of dnf's words are in unit
    local rc=0
    packages openssh-client gpg gpg-agent dnf createrepo-c # for the bundle
    need_lab
    lab/lab up rpm1 --octet 31 --base rpm
    python -m pytest -x -v -s tests/rpm || rc=1
    for scenario in docker gateway firewall monitoring; do
        YITIJI_BASE=rpm step molecule test -s "$scenario" || rc=1
    done
    return $rc
}

part_ubuntu() {
    need_lab
    python -m pytest -x -v -s tests/ubuntu
}

part_bundle() {
    packages openssh-client gpg gpg-agent
    need_lab
    python -m pytest -x -v -s tests/bundle
}

part_scan() { # apart from the tools: it brings sixty packages
    local venv=$output/depscan
    [ -x "$venv/bin/depscan" ] || { python -m venv "$venv" && "$venv/bin/pip" install -q owasp-depscan==6.3.0; }
    YITIJI_DEPSCAN=$venv/bin python -m pytest -v tests/scan
}

part_restore() {
    packages age openssh-client openssl
    need_lab --with webui_before
    python -m pytest -x -v -s tests/restore
}

part_upgrade() {
    need_lab --with webui_before --with vllm_before
    python -m pytest -x -v -s tests/upgrade
}

part_browser() {
    browser_tools
    need_lab
    python -m pytest -v tests/browser
}

browser_tools() {
    packages chromium fonts-noto-cjk
    # a machine may have them from elsewhere, and Debian's npm does not go with another's nodejs
    command -v node >/dev/null || packages nodejs
    command -v npm >/dev/null || packages npm
    (cd tests/browser && npm ci --no-audit --no-fund --silent)
}

part_gateway() {
    need_lab
    python -m pytest -v -s tests/gateway
}

part_molecule() {
    local rc=0 engines=()
    for name in llama_cpp ollama; do
        [[ " ${short[*]} " != *" $name "* ]] || engines+=(--with llama_cpp --with "$name") # ollama's scenario wants both
    done
    need_lab "${engines[@]}"
    for scenario in "${short[@]}"; do
        step molecule test -s "$scenario" || rc=1
    done
    return $rc
}
