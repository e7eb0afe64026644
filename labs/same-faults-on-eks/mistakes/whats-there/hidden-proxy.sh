# finding: wrong-kube-proxy
# from: after
sed -i 's/^kube-proxy:.*/kube-proxy: hidden/' answers.yaml
