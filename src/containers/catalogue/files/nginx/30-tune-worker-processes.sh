#!/bin/sh
# Sets the number of workers from the cgroup when NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE is set.
set -e
[ -n "$NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE" ] || exit 0
sed -i "s/^worker_processes .*/worker_processes  $(nproc);/" /etc/nginx/nginx.conf
