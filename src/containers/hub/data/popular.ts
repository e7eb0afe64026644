/**
 * Descriptions and stars of Docker Hub's own repositories as its search shows them; from knowledge, 2026-11. Those of the
 * project's own are none of Docker Hub's.
 */
export const POPULAR: Record<string, { description: string; stars: number }> = {
  'library/nginx': { description: 'Official build of Nginx.', stars: 21_100 },
  'library/busybox': { description: 'Busybox base image.', stars: 3_460 },
  'library/alpine': {
    description:
      'A minimal Docker image based on Alpine Linux with a complete package index and only 5 MB in size!',
    stars: 11_500,
  },
  'library/debian': {
    description: "Debian is a Linux distribution that's composed entirely of free and open-source software.",
    stars: 5_330,
  },
  'library/httpd': { description: 'The Apache HTTP Server Project', stars: 4_960 },
  'library/node': {
    description: 'Node.js is a JavaScript-based platform for server-side and networking applications.',
    stars: 14_100,
  },
  'library/python': {
    description: 'Python is an interpreted, interactive, object-oriented, open-source programming language.',
    stars: 10_400,
  },
  'library/redis': {
    description:
      'Redis is the world’s fastest data platform for caching, vector search, and NoSQL databases.',
    stars: 13_400,
  },
  'library/postgres': {
    description: 'The PostgreSQL object-relational database system provides reliability and data integrity.',
    stars: 14_600,
  },
  'library/hello-world': { description: 'Hello World! (an example of minimal Dockerization)', stars: 2_560 },
  'library/ubuntu': {
    description: 'Ubuntu is a Debian-based Linux operating system based on free software.',
    stars: 17_800,
  },
  'library/registry': {
    description: 'Distribution implementation for storing and distributing of container images and artifacts',
    stars: 4_110,
  },
  'library/memcached': {
    description: 'Free & open source, high-performance, distributed memory object caching system.',
    stars: 2_390,
  },
  'library/mysql': {
    description: 'MySQL is a widely used, open-source relational database management system (RDBMS).',
    stars: 15_900,
  },
  'library/mariadb': {
    description: 'MariaDB Server is a high performing open source relational database, forked from MySQL.',
    stars: 6_020,
  },
  'library/golang': {
    description: 'Go (golang) is a general purpose, higher-level, imperative programming language.',
    stars: 5_110,
  },
  'library/amazonlinux': {
    description: 'Amazon Linux provides a stable environment for applications running on Amazon EC2.',
    stars: 560,
  },
  'hashicorp/http-echo': {
    description: 'A tiny HTTP server that echoes its arguments as a webpage.',
    stars: 31,
  },
  'traefik/whoami': {
    description: 'Tiny Go webserver that prints OS information and HTTP request to output',
    stars: 46,
  },
  'curlimages/curl': { description: 'official docker image for curl', stars: 290 },
  'polinux/stress': { description: 'A simple workload generator', stars: 17 },
  'vish/stress': { description: '', stars: 9 },
  'kindest/node': { description: 'https://sigs.k8s.io/kind node image', stars: 118 },
  'kindest/kindnetd': { description: '', stars: 6 },
  'kindest/local-path-provisioner': { description: '', stars: 2 },
  'drydock/hello': { description: 'The service that Drydock’s labs deploy, with knobs', stars: 0 },
}
