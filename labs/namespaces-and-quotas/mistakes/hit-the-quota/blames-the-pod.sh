# finding: wrong-who
# from: after
sed -i 's/^who:.*/who: pod/' answers.yaml
