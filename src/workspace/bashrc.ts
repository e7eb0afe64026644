/**
 * The `.bashrc` of a learner's home: a plain prompt, history over all tabs, completion. What is slow (`kubectl
 * completion bash` takes about 100 ms) is loaded at the first Tab.
 */
export const BASHRC = String.raw`# Read by every new terminal. Change it as you like.
PS1='\[\e[1;34m\]\w\[\e[0m\] $ '
shopt -s checkwinsize histappend
HISTCONTROL=ignoredups
PROMPT_COMMAND='history -a'
alias ls='ls --color=auto' grep='grep --color=auto'

# kubectl's and helm's completions ask for this helper of the bash-completion package, which a machine may lack.
if ! declare -F _get_comp_words_by_ref >/dev/null; then
  _get_comp_words_by_ref() {
    words=("${'$'}{COMP_WORDS[@]}")
    cword=$COMP_CWORD
    cur=${'$'}{COMP_WORDS[COMP_CWORD]}
    prev=${'$'}{COMP_WORDS[COMP_CWORD-1]}
  }
fi

complete -C aws_completer aws
_complete_later() {
  source <("$1" completion bash 2>/dev/null)
  local now
  now=$(complete -p "$1" 2>/dev/null) || return 1
  now=${'$'}{now##*-F }
  "${'$'}{now%% *}" "$@"
}
complete -o default -o nospace -F _complete_later kubectl helm
`
