# finding: wrong-placed
# from: after
sed -i 's/^placed:.*/placed: kubelet/' answers.yaml
