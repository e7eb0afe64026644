#!/bin/sh
# The default server listens on IPv4 only in this image.
set -e
if [ ! -f /etc/nginx/conf.d/default.conf ]; then
    [ -n "$NGINX_ENTRYPOINT_QUIET_LOGS" ] || echo "$(basename "$0"): info: /etc/nginx/conf.d/default.conf is not a file or does not exist"
fi
