#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A private registry on this node: Debian's docker-registry behind TLS and a login at registry.lab:5443, and the same
# store without both at :5001, as a mirror of Docker Hub. Two images are in it. Run once.
set -eu
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker-registry whois openssl >/dev/null
place=/etc/docker/registry-lab
mkdir -p $place
cd $place
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=lab-authority \
    -keyout ca.key -out ca.crt 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=registry.lab -keyout server.key -out server.csr 2>/dev/null
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out server.crt \
    -extfile <(printf 'subjectAltName=DNS:registry.lab') 2>/dev/null
printf 'appliance:%s\n' "$(mkpasswd -m bcrypt 'its-own-pass')" >htpasswd
settings() { # port, further lines
    printf 'version: 0.1\nlog: {accesslog: {disabled: false}}\nstorage: {filesystem: {rootdirectory: /var/lib/docker-registry}}\nhttp:\n  addr: :%s\n' "$1"
    printf '%b' "$2"
}
settings 5443 "  tls: {certificate: $place/server.crt, key: $place/server.key}\nauth: {htpasswd: {realm: lab, path: $place/htpasswd}}\n" >private.yml
settings 5001 '' >mirror.yml
for kind in private mirror; do
    printf '[Service]\nExecStart=/usr/bin/docker-registry serve %s/%s.yml\n[Install]\nWantedBy=multi-user.target\n' $place $kind \
        >/etc/systemd/system/registry-$kind.service
done
systemctl daemon-reload
systemctl disable --now --quiet docker-registry
systemctl enable --now --quiet registry-private registry-mirror
echo '127.0.1.9 registry.lab' >>/etc/hosts
