# finding: wrong-etcd
# from: after
sed -i 's/^etcd:.*/etcd: visible/' answers.yaml
