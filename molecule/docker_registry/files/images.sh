#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two images of one program: one that any node may run, one that asks for a CUDA no driver has. Run once, with an engine.
set -eu
cd /
# shellcheck disable=SC2046 # paths of libraries
tar -chf /tmp/tiny.tar usr/bin/true $(ldd /usr/bin/true | grep -o '/lib[^ ]*' | cut -c2-)
for _ in $(seq 20); do (: </dev/tcp/127.0.0.1/5001) 2>/dev/null && break || sleep 0.5; done
docker import --change 'CMD ["/usr/bin/true"]' /tmp/tiny.tar 127.0.0.1:5001/team/tiny:1
docker import --change 'ENV NVIDIA_REQUIRE_CUDA="cuda>=99.0 brand=tesla,driver>=990,driver<991"' /tmp/tiny.tar 127.0.0.1:5001/team/cuda:99
for image in tiny:1 cuda:99; do
    docker push --quiet 127.0.0.1:5001/team/$image
    docker rmi 127.0.0.1:5001/team/$image >/dev/null
done
curl -fsSI -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' http://127.0.0.1:5001/v2/team/tiny/manifests/1 |
    tr -d '\r' | sed -n 's/^Docker-Content-Digest: //Ip' >/etc/docker/registry-lab/digest
rm /tmp/tiny.tar
# A tag that was moved: what it was is still in the registry, by its digest.
digest() {
    curl -fsSI -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' "http://127.0.0.1:5001/v2/team/$1" |
        tr -d '\r' | sed -n 's/^Docker-Content-Digest: //Ip'
}
for image in tiny:1 cuda:99; do
    docker pull --quiet 127.0.0.1:5001/team/$image >/dev/null
    docker tag 127.0.0.1:5001/team/$image 127.0.0.1:5001/team/moved:1
    docker push --quiet 127.0.0.1:5001/team/moved:1
    [ $image = cuda:99 ] || digest moved/manifests/1 >/etc/docker/registry-lab/digest-before
    docker rmi 127.0.0.1:5001/team/$image 127.0.0.1:5001/team/moved:1 >/dev/null
done
