# finding: wrong-not-a-pod
sed -i 's/^not-a-pod:.*/not-a-pod: etcd/' answers.yaml
