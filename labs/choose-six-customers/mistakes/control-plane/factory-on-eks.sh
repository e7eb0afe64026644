# finding: wrong-factory
# from: after
sed -i 's/^factory:.*/factory: eks/' answers.yaml
