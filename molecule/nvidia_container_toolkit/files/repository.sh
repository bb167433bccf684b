#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A signed package repository in /srv/toolkit, with STAND-INS for NVIDIA's packages: the same names, none of their programs.
# `nvidia-ctk` answers the three calls that the role makes as NVIDIA's documentation describes them; the CDI file that it
# writes hands a script called nvidia-smi to containers, and no device. Run once.
set -eu
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gpg gpg-agent >/dev/null
mkdir -p /srv/toolkit && cd /srv/toolkit
package() { # name, version, dependencies; its files lie in $1/
    mkdir -p "$1/DEBIAN"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: test only\nDescription: stand-in for tests\n%s' \
        "$1" "$2" "${3:+Depends: $3
}" >"$1/DEBIAN/control"
    dpkg-deb -Znone --build --root-owner-group "$1" "$1_$2.deb" >/dev/null
}
mkdir -p nvidia-container-toolkit-base/usr/bin nvidia-container-toolkit/usr/bin
cat >nvidia-container-toolkit-base/usr/bin/nvidia-ctk <<'S'
#!/bin/sh
# stand-in for tests
case "$1 $2" in
"--version ") echo "NVIDIA Container Toolkit CLI version 1.18.2" ;;
"system create-dev-char-symlinks") echo "$(date +%s.%N) $*" >>/run/stand-in-links ;;
"cdi generate")
    out=${3#--output=}
    mkdir -p "$(dirname "$out")"
    cat >"$out" <<Y
cdiVersion: "0.5.0"
kind: nvidia.com/gpu
devices:
  - {name: "0", containerEdits: {env: [STAND_IN=1]}}
  - {name: all, containerEdits: {env: [STAND_IN=1]}}
containerEdits:
  env: [NVIDIA_VISIBLE_DEVICES=void]
  mounts:
    - {hostPath: /usr/bin/nvidia-smi, containerPath: /usr/bin/nvidia-smi, options: [ro, bind]}
Y
    ;;
*) exit 2 ;;
esac
S
printf '#!/bin/sh\n# stand-in for tests\nexec runc "$@"\n' >nvidia-container-toolkit-base/usr/bin/nvidia-container-runtime
printf '#!/bin/sh\n# stand-in for tests: hands nothing over\nexit 0\n' >nvidia-container-toolkit/usr/bin/nvidia-container-runtime-hook
chmod +x nvidia-container-toolkit*/usr/bin/*
for version in 1.18.1-1 1.18.2-1; do
    package libnvidia-container1 $version ''
    package libnvidia-container-tools $version "libnvidia-container1 (>= $version)"
    package nvidia-container-toolkit-base $version ''
    package nvidia-container-toolkit $version "nvidia-container-toolkit-base (= $version), libnvidia-container-tools (>= $version)"
done
for deb in *.deb; do
    dpkg-deb -f "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
done >Packages
printf 'Suite: test\nDate: %s\nSHA256:\n %s %s Packages\n' "$(date -Ru)" "$(sha256sum Packages | cut -d' ' -f1)" "$(stat -c %s Packages)" >Release
export GNUPGHOME=/srv/toolkit/gpg
mkdir -m 700 $GNUPGHOME
gpg -q --batch --passphrase '' --quick-gen-key 'stand-in repository' rsa2048 sign never 2>/dev/null
gpg -q --batch --armor --export >key.asc
gpg -q --batch --clearsign --output InRelease Release
gpg -q --batch --with-colons --list-keys | awk -F: '/^fpr/ {print $10; exit}' >fingerprint
chmod -R a+rX /srv/toolkit
chmod 700 $GNUPGHOME
cat >/usr/bin/nvidia-smi <<'S'
#!/bin/sh
# stand-in for tests
echo "GPU 0: STAND-IN (UUID: GPU-00000000-0000-0000-0000-000000000000)"
S
chmod +x /usr/bin/nvidia-smi
