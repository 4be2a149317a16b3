#!/usr/bin/env node
/** The command line. Each command loads what it needs only when it runs. */
import { Command, Option } from 'commander';
import { parseDuration } from '../base/duration.ts';
import { messageOf } from '../base/errors.ts';
import { withEtcdFlags } from './etcd.ts';
import { withLeaderElectionFlags } from './leader-election.ts';
import { withSimulationFlags } from './simulation.ts';
import { withStoreFlags } from './store-flags.ts';

const program = new Command('kubets')
  .description('Kubernetes in TypeScript: one command, a cluster that stock kubectl drives')
  .showHelpAfterError()
  .configureHelp({ showGlobalOptions: true });

withSimulationFlags(withStoreFlags(withEtcdFlags(program.command('up'))))
  .description('start a cluster in the foreground; Ctrl-C stops it, its pods go on running')
  .option('--secure-port <port>', 'port of the API server', portNumber, 6443)
  .option('--bind-address <address>', 'address of the API server', '127.0.0.1')
  .option('--in-memory', 'keep objects in memory only, on a simulated node', false)
  .addOption(
    new Option('--node <kind>', 'what runs pods').choices(['auto', 'docker', 'simulated', 'none']).default('auto'),
  )
  .option('--node-name <name>', 'name of the node (default: the host name)')
  .option('--nodes <count>', 'how many simulated nodes there are beside it; with --node none instead of it', count, 0)
  .option('--service-cluster-ip-range <cidr>', 'addresses of Services', '10.96.0.0/16')
  .option('--pod-cidr <cidr>', 'addresses of pods', '10.244.0.0/24')
  .option('--horizontal-pod-autoscaler-sync-period <duration>', 'how often autoscalers are looked at', period, 15_000)
  .option('--metric-resolution <duration>', 'how often nodes are asked what they use', period, 15_000)
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'warn')
  .action(async (options) => (await import('./up.ts')).up(options));

program
  .command('down')
  .description('stop the cluster and remove its containers, its iptables chains and its network; its objects stay')
  .option('--purge', 'forget its objects and certificates, too', false)
  .action(async (options) => (await import('./down.ts')).down(options));

withStoreFlags(withEtcdFlags(program.command('apiserver')))
  .description('run the API server alone')
  .option('--secure-port <port>', 'port to listen on', portNumber, 6443)
  .option('--bind-address <address>', 'address to listen on', '127.0.0.1')
  .option('--token-auth-file <file>', 'lines of token,user,uid,"group1,group2"')
  .option('--in-memory', 'keep objects in memory only', false)
  .option('--service-cluster-ip-range <cidr>', 'addresses of Services', '10.96.0.0/16')
  .option('--event-ttl <duration>', 'how long Events are kept', seconds, 3600)
  .option('--max-requests-inflight <count>', 'reading requests worked on at a time, 0 for any number', count, 400)
  .option('--max-mutating-requests-inflight <count>', 'the same for those that write', count, 200)
  .option('--request-timeout <duration>', 'how long a request may take that is no watch or the like', seconds, 60)
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .action(async (options) => (await import('./apiserver.ts')).apiserver(options));

withLeaderElectionFlags(program.command('controller-manager'))
  .description('run the controllers against any API server')
  .requiredOption('--kubeconfig <file>', 'how to reach the API server')
  .option('--controllers <list>', 'which to run: *, name or -name, separated by commas', '*')
  .option('--node-monitor-period <duration>', 'how often nodes are looked at', seconds, 5)
  .option('--node-monitor-grace-period <duration>', 'how long a node may be silent', seconds, 40)
  .option('--horizontal-pod-autoscaler-sync-period <duration>', 'how often autoscalers are looked at', period, 15_000)
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .action(async (options) => (await import('./components.ts')).controllerManager(options));

withLeaderElectionFlags(program.command('scheduler'))
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

const node = program.command('node').description('nodes with nothing behind them');

withSimulationFlags(node.command('simulate'))
  .description('make and play simulated nodes of any API server; they fall silent when it stops')
  .requiredOption('--kubeconfig <file>', 'how to reach the API server')
  .option('--count <count>', 'how many to make; others with the label of the simulator are played, too', count, 1)
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .action(async (options) => (await import('./components.ts')).simulateNodes(options));

const store = program
  .command('store')
  .description('look after the objects on disk (the folder store of the state folder)');

store
  .command('check')
  .description('read and verify all of it, also while the cluster runs; the exit status is 1 when it is damaged')
  .action(async () => (await import('./store.ts')).check());

store
  .command('backup')
  .argument('<file>', 'where to write it')
  .description('copy what it holds now to a file, also while the cluster runs')
  .action(async (file) => (await import('./store.ts')).backup(file));

store
  .command('restore')
  .argument('<file>', 'a backup')
  .option('--force', 'replace the store there is', false)
  .description('put a backup in its place while nothing runs')
  .action(async (file, options) => (await import('./store.ts')).restore(file, options));

program
  .command('version')
  .description('print the versions')
  .action(async () => (await import('./version.ts')).printVersion());

function seconds(text: string): number {
  return period(text) / 1000;
}

/** Milliseconds. */
function period(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new Error(`${text} is no duration: write it as 1h30m or 90s`);
  return ms;
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0)
    throw new Error(`${text} is no count: it takes a whole number, 0 or more`);
  return number;
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
