# finding: wrong-replaces-pods
# from: after
sed -i 's/^replaces-pods:.*/replaces-pods: kubelet/' words.yaml
