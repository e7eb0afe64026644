# finding: wrong-made
# from: after
sed -i 's/^made:.*/made: deployment-controller/' answers.yaml
