# finding: wrong-starts-update
# from: after
sed -i 's/^starts-update:.*/starts-update: eks/' nodes.yaml
