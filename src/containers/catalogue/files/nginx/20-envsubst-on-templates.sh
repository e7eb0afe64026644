#!/bin/sh
# Templates in /etc/nginx/templates become files in /etc/nginx/conf.d, with variables filled in.
set -e
templates="${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}"
output="${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}"
[ -d "$templates" ] || exit 0
for template in "$templates"/*.template; do
    [ -f "$template" ] || continue
    name="$(basename "$template" .template)"
    [ -n "$NGINX_ENTRYPOINT_QUIET_LOGS" ] || echo "$(basename "$0"): Running envsubst on $template to $output/$name"
    script=""
    for variable in $(env | cut -d= -f1); do
        eval "value=\"\$$variable\""
        value="$(printf '%s' "$value" | sed 's/[&|\\]/\\&/g')"
        script="$script;s|\${$variable}|$value|g"
    done
    sed "${script#;}" "$template" > "$output/$name"
done
