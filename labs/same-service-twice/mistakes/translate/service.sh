# finding: wrong-service
# from: after
sed -i 's/^service:.*/service: pod/' words.yaml
