# finding: wrong-without-connection
# from: after
sed -i 's/^without-connection:.*/without-connection: stops/' anywhere.yaml
