// The walls between the rooms: see CONTRIBUTING.md for the table they enforce.
// test/walls.test.ts plants one bad import for each rule and sees it fire.
const feature = 'uploads|conversions|progress|cleanup'
const tests = '\\.test\\.ts$'
const rule = (name, from, to) => ({
  name,
  severity: 'error',
  from: { ...from, pathNot: [tests, ...(from.pathNot ?? [])] },
  to,
})

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    rule('no-orphans', { orphan: true, path: '^src' }, {}),
    rule('kernel-is-the-floor', { path: '^src/kernel' }, { path: '^src/(?!kernel)' }),
    rule('contract-is-shapes-only', { path: '^src/contract' }, { path: '^src/(?!contract)' }),
    rule('client-knows-the-contract-only', { path: '^src/client' }, { path: '^src/(?!client|contract)' }),
    rule(
      'tools-stand-on-the-kernel',
      { path: '^src/(access|aws|config|embedded)/' },
      { path: '^src/', pathNot: ['^src/$1/', '^src/kernel/'] },
    ),
    // What formats take and what a file holds is said once, in the contract (docs/adr/0018).
    rule(
      'ffmpeg-knows-the-contract-only',
      { path: '^src/ffmpeg/' },
      { path: '^src/', pathNot: '^src/(ffmpeg|kernel|contract)/' },
    ),
    rule('features-know-no-door', { path: `^src/(${feature})` }, { path: '^src/(http|cli|config|embedded)' }),
    rule(
      'features-by-the-front-door',
      { path: `^src/(${feature})/` },
      { path: `^src/(${feature})/`, pathNot: ['^src/$1/', '/index\\.ts$'] },
    ),
    rule(
      'doors-by-the-front-door',
      { path: '^src/(http|cli|doctor)' },
      { path: `^src/(${feature})/(?!index\\.ts$)` },
    ),
    rule('uploads-stand-alone', { path: '^src/uploads' }, { path: '^src/(conversions|progress|cleanup)' }),
    rule('progress-stands-alone', { path: '^src/progress' }, { path: '^src/(uploads|conversions|cleanup)' }),
    rule('nobody-needs-cleanup', { path: '^src/(uploads|conversions|progress)' }, { path: '^src/cleanup' }),
    rule(
      'aws-sdk-lives-in-aws-and-stores',
      { path: '^src', pathNot: ['^src/aws/', '-(repository|store)\\.ts$'] },
      { path: 'node_modules/@(aws-sdk|smithy)/' },
    ),
    rule(
      'fastify-lives-at-the-door',
      { path: '^src', pathNot: ['^src/http/', '[/-]routes\\.ts$'] },
      { path: 'node_modules/(@fastify|fastify)' },
    ),
    rule(
      'one-file-knows-opentelemetry',
      { path: '^src', pathNot: ['^src/cli/open-telemetry\\.ts$'] },
      { path: 'node_modules/@opentelemetry/' },
    ),
    rule(
      'only-ffmpeg-and-embedded-spawn',
      { path: '^src', pathNot: ['^src/(ffmpeg|embedded)/'] },
      { path: '^(node:)?child_process$' },
    ),
    rule(
      'only-conversions-encode',
      { path: '^src', pathNot: ['^src/(ffmpeg|conversions|cli)/'] },
      { path: '^src/ffmpeg' },
    ),
    rule(
      'only-the-wiring-embeds',
      { path: '^src', pathNot: ['^src/(embedded|cli)/'] },
      { path: '^src/embedded' },
    ),
    rule('http-only-assembles', { path: '^src/http' }, { path: '^src/(aws|config|cli|embedded)' }),
    // What opens stores and wires features is handed to it, so that it looks at what the service would have.
    rule(
      'doctor-wires-nothing',
      { path: '^src/doctor' },
      { path: '^src/(cleanup|cli|embedded|ffmpeg|http)' },
    ),
    rule('nobody-needs-the-doctor', { path: '^src/(?!doctor|cli)' }, { path: '^src/doctor' }),
    rule('src-needs-no-test', { path: '^(src|web)' }, { path: '^(test|bench|infra)' }),
    // Tables, CORS and settings are said once, by the program.
    rule(
      'infra-by-the-front-door',
      { path: '^infra' },
      {
        path: '^(src|web|test|bench)/',
        pathNot: '^src/(aws|config|conversions|progress|uploads)/index\\.ts$',
      },
    ),
    rule('web-sees-contract-and-client-only', { path: '^web' }, { path: '^src/(?!contract|client)' }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
}
