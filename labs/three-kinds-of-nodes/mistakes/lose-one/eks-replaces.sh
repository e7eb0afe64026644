# finding: wrong-replaces-own
# from: after
sed -i 's/^replaces-own:.*/replaces-own: eks/' nodes.yaml
