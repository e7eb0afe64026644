# finding: site-too-large
kubectl patch site blog --type=merge -p '{"spec":{"replicas":1000}}'
source "$SOLUTIONS/rules.sh"
