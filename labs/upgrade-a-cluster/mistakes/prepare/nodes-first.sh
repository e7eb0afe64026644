# finding: wrong-first
# from: after
sed -i 's/^first:.*/first: nodes/' answers.yaml
