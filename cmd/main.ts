#!/usr/bin/env node
/** The command line. Each command loads what it needs only when it runs. */
import { Command, Option } from 'commander';
import { parseDuration } from '../base/duration.ts';
import { messageOf } from '../base/errors.ts';

const program = new Command('kubets')
  .description('Kubernetes in TypeScript: one command, a cluster that stock kubectl drives')
  .showHelpAfterError()
  .configureHelp({ showGlobalOptions: true });

program
  .command('up')
  .description('start a cluster in the foreground; Ctrl-C stops it, its pods go on running')
  .option('--secure-port <port>', 'port of the API server', portNumber, 6443)
  .option('--bind-address <address>', 'address of the API server', '127.0.0.1')
  .option('--in-memory', 'keep objects in memory only, on a simulated node', false)
  .addOption(
    new Option('--node <kind>', 'what runs pods').choices(['auto', 'docker', 'simulated', 'none']).default('auto'),
  )
  .option('--node-name <name>', 'name of the node (default: the host name)')
  .option('--service-cluster-ip-range <cidr>', 'addresses of Services', '10.96.0.0/16')
  .option('--pod-cidr <cidr>', 'addresses of pods', '10.244.0.0/24')
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'warn')
  .action(async (options) => (await import('./up.ts')).up(options));

program
  .command('down')
  .description('stop the cluster and remove its containers, its iptables chains and its network; its objects stay')
  .option('--purge', 'forget its objects and certificates, too', false)
  .action(async (options) => (await import('./down.ts')).down(options));

program
  .command('apiserver')
  .description('run the API server alone')
  .option('--secure-port <port>', 'port to listen on', portNumber, 6443)
  .option('--bind-address <address>', 'address to listen on', '127.0.0.1')
  .option('--token-auth-file <file>', 'lines of token,user,uid,"group1,group2"')
  .option('--in-memory', 'keep objects in memory only', false)
  .option('--service-cluster-ip-range <cidr>', 'addresses of Services', '10.96.0.0/16')
  .option('--event-ttl <duration>', 'how long Events are kept', seconds, 3600)
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .action(async (options) => (await import('./apiserver.ts')).apiserver(options));

program
  .command('controller-manager')
  .description('run the controllers against any API server')
  .requiredOption('--kubeconfig <file>', 'how to reach the API server')
  .option('--controllers <list>', 'which to run: *, name or -name, separated by commas', '*')
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .action(async (options) => (await import('./components.ts')).controllerManager(options));

program
  .command('scheduler')
  .description('run the scheduler against any API server')
  .requiredOption('--kubeconfig <file>', 'how to reach the API server')
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .action(async (options) => (await import('./components.ts')).scheduler(options));

program
  .command('kubelet')
  .description('run the node agent against any API server')
  .requiredOption('--kubeconfig <file>', 'how to reach the API server')
  .addOption(new Option('--node <kind>', 'what runs pods').choices(['docker', 'simulated']).default('docker'))
  .option('--node-name <name>', 'name of the node (default: the host name)')
  .option('--pod-cidr <cidr>', 'addresses of pods', '10.244.0.0/24')
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .action(async (options) => (await import('./components.ts')).kubelet(options));

program
  .command('proxy')
  .description('program iptables for the Services of any API server')
  .requiredOption('--kubeconfig <file>', 'how to reach the API server')
  .option('--node-name <name>', 'name of the node (default: the host name)')
  .option('--pod-cidr <cidr>', 'addresses of pods', '10.244.0.0/24')
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .action(async (options) => (await import('./components.ts')).proxy(options));

program
  .command('version')
  .description('print the versions')
  .action(async () => (await import('./version.ts')).printVersion());

function seconds(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new Error(`${text} is no duration: write it as 1h30m or 90s`);
  return ms / 1000;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`${text} is no port: a port is a number from 0 to 65535`);
  return port;
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`kubets: ${messageOf(error)}\n`);
  // Whatever the failed command left running must not keep a script waiting.
  process.exit(1);
}
