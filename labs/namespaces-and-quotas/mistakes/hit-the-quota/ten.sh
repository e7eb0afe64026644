# finding: wrong-running
# from: after
sed -i 's/^running:.*/running: 10/' answers.yaml
