#!/bin/sh
# Runs the scripts in /docker-entrypoint.d before nginx, then becomes the command.
set -e

log() {
    [ -n "$NGINX_ENTRYPOINT_QUIET_LOGS" ] || echo "$0: $*"
}

if [ "$1" = nginx ] || [ "$1" = nginx-debug ]; then
    if [ -n "$(ls /docker-entrypoint.d)" ]; then
        log "/docker-entrypoint.d/ is not empty, will attempt to perform configuration"
        log "Looking for shell scripts in /docker-entrypoint.d/"
        for script in /docker-entrypoint.d/*; do
            case "$script" in
                *.envsh)
                    if [ -x "$script" ]; then
                        log "Sourcing $script"
                        . "$script"
                    else
                        log "Ignoring $script, not executable"
                    fi
                    ;;
                *.sh)
                    if [ -x "$script" ]; then
                        log "Launching $script"
                        "$script"
                    else
                        log "Ignoring $script, not executable"
                    fi
                    ;;
                *) log "Ignoring $script" ;;
            esac
        done
        log "Configuration complete; ready for start up"
    else
        log "No files found in /docker-entrypoint.d/, skipping configuration"
    fi
fi

exec "$@"
