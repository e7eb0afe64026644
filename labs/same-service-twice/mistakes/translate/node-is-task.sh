# finding: wrong-task
# from: after
sed -i 's/^task:.*/task: node/' words.yaml
