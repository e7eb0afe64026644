# finding: wrong-comes-back
# from: after
sed -i 's/^comes-back:.*/comes-back: yes/' answers.yaml
