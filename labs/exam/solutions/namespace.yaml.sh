source ~/names.env
kubectl apply -f - <<END
apiVersion: v1
kind: Namespace
metadata: { name: $PROJECT, labels: { owner: $PERSON } }
END
