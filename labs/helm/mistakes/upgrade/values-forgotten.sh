# finding: values-lost
helm upgrade live site --set title=Spring --wait
