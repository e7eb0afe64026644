# finding: wrong-undoes-eks
# from: after
sed -i 's/^undoes-eks:.*/undoes-eks: replicaset/' words.yaml
