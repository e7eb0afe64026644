#!/usr/bin/env bash
# The AWS CLI, which is at {aws}. kubectl asks it for a token at each command (`aws eks get-token`), and most of a second of CPU goes into
# its start. So a token that was made of the same words, variables and files is given again while it is good for another minute. It is
# kept where the CLI keeps what it caches itself, and only where it is made without asking anybody: of plain keys, not of a role's.
aws={aws}
folder=$HOME/.aws
config=${AWS_CONFIG_FILE:-$folder/config}
credentials=${AWS_SHARED_CREDENTIALS_FILE:-$folder/credentials}

asks_somebody() {
  local text
  text=$(cat -- "$config" "$credentials" 2>/dev/null)
  [[ $text =~ (role_arn|credential_process|sso_|web_identity|login_session) ]]
}

case " $* " in
  *' --role-arn'* | *' --debug '* | *' help '*) exec "$aws" "$@" ;;
  *' eks get-token '*) ;;
  *) exec "$aws" "$@" ;;
esac
# Whoever looks at it themselves gets a new one, as do roles of machines and of other clouds.
if [[ -t 1 || -n ${AWS_ROLE_ARN-}${AWS_WEB_IDENTITY_TOKEN_FILE-}${AWS_CONTAINER_CREDENTIALS_RELATIVE_URI-}${AWS_CONTAINER_CREDENTIALS_FULL_URI-} ]] ||
  asks_somebody; then
  exec "$aws" "$@"
fi

name=$({
  printf '%s\0' "$@"
  for variable in "${!AWS_@}"; do printf '%s=%s\0' "$variable" "${!variable}"; done
  cat -- "$config" "$credentials" 2>/dev/null
} | sha256sum) || exec "$aws" "$@"
file=$folder/cli/cache/eks-token-${name%% *}.json
{ token=$(<"$file"); } 2>/dev/null
TZ=UTC printf -v soon '%(%Y-%m-%dT%H:%M:%SZ)T' $((EPOCHSECONDS + 60))
if [[ ${token-} =~ \"expirationTimestamp\":\ *\"([^\"]+)\" && ${BASH_REMATCH[1]} > $soon ]]; then
  printf '%s\n' "$token"
  exit
fi
token=$("$aws" "$@")
code=$?
[[ -z $token ]] || printf '%s\n' "$token"
if [[ $code == 0 && $token == *expirationTimestamp* ]]; then
  umask 077
  { mkdir -p "${file%/*}" && printf '%s\n' "$token" >"$file.$$" && mv -f "$file.$$" "$file"; } 2>/dev/null
fi
exit $code
