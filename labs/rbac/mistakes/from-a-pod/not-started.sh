# finding: no-watcher
sed -i 's/^spec:/spec:\n  serviceAccountName: robot/' watcher.yaml
