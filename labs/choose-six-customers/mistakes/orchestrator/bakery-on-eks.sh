# finding: wrong-bakery
# from: after
sed -i 's/^bakery:.*/bakery: eks/' answers.yaml
