#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a customer has on his node, one line a thing: it must be the same after the appliance has come and gone.
docker images --no-trunc --format 'image {{.Repository}}:{{.Tag}} {{.ID}}' | sort
docker ps -a --format 'container {{.Names}} {{.Image}} {{.State}}' | sort
docker network ls --format 'network {{.Name}} {{.Driver}}' | sort
docker volume ls --format 'volume {{.Name}}' | sort
docker run --rm -v customer:/data customer.test/tool:1 busybox cat /data/file
docker info --format 'debug {{.Debug}} driver {{.Driver}} registries {{json .RegistryConfig.Mirrors}}'
find /etc/docker ~root/.docker /etc/nginx /etc/nftables.conf -type f -exec sha256sum {} + | sort -k2
find /etc/nginx -type l -printf 'link %p %l\n' | sort
nft list table inet customer
for port in 80 8088; do printf 'port %s ' "$port"; wget -qO- -T 5 "http://127.0.0.1:$port/" || echo closed; done
for unit in docker nginx nftables; do echo "$unit $(systemctl is-active $unit) $(systemctl is-enabled $unit)"; done
dpkg-query -W -f '${Package} ${db:Status-Status}\n' docker.io docker-cli nginx nftables iptables
