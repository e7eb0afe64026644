# Writes user-data: what a new machine reads at its first start. Amazon Linux 2023 reads a NodeConfig.
cluster() { aws eks describe-cluster --name harbor --query "cluster.$1" --output text; }
cat > user-data <<END
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="BOUNDARY"

--BOUNDARY
Content-Type: application/node.eks.aws

---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: harbor
    apiServerEndpoint: $(cluster endpoint)
    certificateAuthority: $(cluster certificateAuthority.data)
    cidr: $(cluster kubernetesNetworkConfig.serviceIpv4Cidr)
  kubelet:
    flags:
      - --node-labels=kind=own
--BOUNDARY--
END
