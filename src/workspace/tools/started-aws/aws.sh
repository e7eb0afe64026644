#!/usr/bin/env bash
# aws, as a fork of one that is started already: see started-aws.ts, which fills in what is in braces.
case " $* " in
  # What needs the terminal, the input or open files of its caller is started by itself.
  ' configure ' | ' configure --profile '* | *' execute-command '* | *' start-session '* | *' --follow '* | */dev/*) exec '{aws}' "$@" ;;
esac
exec 3<>/dev/tcp/127.0.0.1/{port} || exit 255
read -r port <&3
exec 3<>"/dev/tcp/127.0.0.1/$port" 4<>"/dev/tcp/127.0.0.1/$port" 5<>"/dev/tcp/127.0.0.1/$port" || exit 255
mapfile -d '' -t environment <"/proc/$$/environ"
printf '%s\0' '{secret}' $$ stdout >&3
printf '%s\0' '{secret}' $$ stderr >&4
printf '%s\0' '{secret}' $$ command "$PWD" $# "$@" "${#environment[@]}" "${environment[@]}" >&5
cat <&3 4<&- 5<&- &
cat <&4 >&2 3<&- 5<&-
wait
read -r code <&5
exit "${code:-255}"
