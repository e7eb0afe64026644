# finding: wrong-kept
# from: after
sed -i 's/^kept:.*/kept: liveness/' answers.yaml
