# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A stand-in appliance on a lab node: units, containers, secrets and answers as the roles leave them, without a model.
# Sourced on the node; then `appliance` builds it, `appliance-gone` removes it. Settings are the variables below.
key=key signup=closed listen=127.0.0.1 extra=''                   # the engine's answers and addresses
shm=256m network=yitiji publish=127.0.0.1:9081:9081                # its containers
offline=true persistent=false data=/var/lib/yitiji/open-webui mode=600 password=Zr4kP9wq81xLm2Tn environment=''

gateway=closed                                                     # what the page says through the gateway

unit() { # name command
    printf '[Service]\nExecStart=%s\n' "$2" >"/etc/systemd/system/$1.service"
}

appliance() {
    mkdir -p /etc/yitiji/secrets "$data"
    chmod 700 /etc/yitiji/secrets
    printf %s "$password" >/etc/yitiji/secrets/open-webui-admin
    chmod "$mode" /etc/yitiji/secrets/open-webui-admin
    mkdir -p /etc/yitiji/tls
    [ -e /etc/yitiji/tls/live.crt ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 \
        -subj /CN=doc1 -keyout /etc/yitiji/tls/live.key -out /etc/yitiji/tls/live.crt 2>/dev/null
    printf %s Vq7dT2mXc9LrZ4wYb8NsKf3HgJ6pEu5RtA1oWiQe >/etc/yitiji/secrets/gateway-key-default
    chmod 600 /etc/yitiji/secrets/gateway-key-default
    unit yitiji-gateway "/usr/bin/python3 /usr/local/lib/standin.py key $gateway 0.0.0.0:443 tls /etc/yitiji/tls/live.crt /etc/yitiji/tls/live.key"
    unit yitiji-vllm "/usr/bin/python3 /usr/local/lib/standin.py $key $signup $listen:8000 $extra"
    unit yitiji-open-webui "/usr/bin/python3 /usr/local/lib/standin.py key $signup 127.0.0.1:8080"
    systemctl daemon-reload
    systemctl restart yitiji-vllm yitiji-open-webui yitiji-gateway
    docker rm -f yitiji-vllm yitiji-open-webui >/dev/null 2>&1
    docker network create yitiji >/dev/null 2>&1
    docker run -d --network yitiji --name yitiji-vllm --shm-size "$shm" lab/tiny /bin/busybox sleep 9999 >/dev/null
    # shellcheck disable=SC2086 # words
    docker run -d --network "$network" --name yitiji-open-webui -p "$publish" ${data:+-v "$data":/app/backend/data} \
        -e OPENAI_API_BASE_URLS=http://yitiji-vllm:8000/v1 -e OFFLINE_MODE="$offline" -e HF_HUB_OFFLINE=1 \
        -e ENABLE_PERSISTENT_CONFIG="$persistent" $environment lab/tiny /bin/busybox sleep 9999 >/dev/null
    for _ in $(seq 50); do
        python3 -c 'import socket; [socket.create_connection(("127.0.0.1", p), 1) for p in (443, 8000, 8080)]' 2>/dev/null && break
        sleep 0.1
    done
}

appliance-gone() {
    systemctl stop yitiji-vllm yitiji-open-webui yitiji-gateway 2>/dev/null
    docker rm -f yitiji-vllm yitiji-open-webui >/dev/null 2>&1
    docker network rm yitiji >/dev/null 2>&1
    rm -rf /etc/systemd/system/yitiji-*.service /etc/systemd/system/yitiji-*.timer /etc/yitiji/secrets /etc/yitiji/tls /var/lib/yitiji
    systemctl reset-failed yitiji-vllm yitiji-open-webui yitiji-gateway 2>/dev/null
    systemctl daemon-reload
}
