# finding: page-not-in-image
# from: after
# The page was edited after the build.
sed -i 's/Hello/Welcome/' site/index.html
