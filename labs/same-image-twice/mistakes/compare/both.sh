# finding: wrong-anonymous
# from: after
sed -i 's/^anonymous:.*/anonymous: both/' answers.yaml
