// A module loader hook, see ts_mls_fixes.mjs.
const VARIABLE_LENGTH = 'import { decodeVarLenData, varLenDataEncoder } from "./codec/variableLength.js";\n';
const EACH_SENDER = 'import { eachSender } from "./externalSender.js";\n';

const FIXES = [
  {
    // Joining demands the same unmerged leaves in every node above an unmerged leaf, up to the root. By section
    // 12.4.3.1 of RFC 9420 the nodes between the leaf and the parent that lists it must list it too, no more.
    file: "/ts-mls/dist/src/clientState.js",
    wrong: "if (!arraysEqual(dpNode.parent.unmergedLeaves, n.parent.unmergedLeaves))",
    right: "if (parentIdx === i) break; if (!dpNode.parent.unmergedLeaves.includes(unmergedLeaf))",
  },
  {
    // Where nobody is left in the other half of the tree, the root is not on the filtered direct path and stays
    // blank. The commit secret follows on the last path secret there is (section 12.4.1); ts-mls derives one more
    // for the blank root.
    file: "/ts-mls/dist/src/pathSecrets.js",
    wrong: "const nextIndex = findFirstNonBlankAncestor(tree, currentIndex);",
    right: `const nextIndex = findFirstNonBlankAncestor(tree, currentIndex);
      if (tree[nextIndex] === undefined) {
        pathSecrets[nextIndex] = pathSecrets[currentIndex];
        break;
      }`,
  },
  {
    // A commit that changes the extensions must have a path (section 12.4).
    file: "/ts-mls/dist/src/clientState.js",
    wrong: "|| Object.values(grouped.remove).length > 0;",
    right: "|| grouped.remove.length > 0 || grouped.group_context_extensions.length > 0;",
  },
  {
    // That path is encrypted with the extensions as they will be (section 12.4.1, the provisional GroupContext).
    file: "/ts-mls/dist/src/createCommit.js",
    wrong: "createUpdatePath(res.tree, toLeafIndex(state.privatePath.leafIndex), state.groupContext,",
    right: `createUpdatePath(res.tree, toLeafIndex(state.privatePath.leafIndex),
      res.additionalResult.extensions?.length > 0
        ? { ...state.groupContext, extensions: res.additionalResult.extensions }
        : state.groupContext,`,
  },
  {
    // The content of external_pub is an HPKEPublicKey, which has its length before it (section 12.4.3.2).
    file: "/ts-mls/dist/src/createCommit.js",
    imports: VARIABLE_LENGTH,
    wrong: "extensionData: externalPub }",
    right: "extensionData: encode(varLenDataEncoder)(externalPub) }",
  },
  {
    file: "/ts-mls/dist/src/createCommit.js",
    wrong: "exportSecret(externalPub.extensionData, cs)",
    right: "exportSecret(decodeVarLenData(externalPub.extensionData, 0)[0], cs)",
  },
  // external_senders is one list of senders (section 12.1.8.1). ts-mls takes it for one sender, and several senders
  // for several such extensions, which section 13.4 does not allow: so that is what we have it see.
  {
    file: "/ts-mls/dist/src/externalSender.js",
    imports: 'import { decodeVarLenType } from "./codec/variableLength.js";\n',
    wrong: "export const externalSenderEncoder =",
    right: `export const eachSender = (extensions) =>
      extensions
        .filter(({ extensionType }) => extensionType === "external_senders")
        .flatMap(({ extensionData }) => decodeVarLenType(decodeExternalSender)(extensionData, 0)[0])
        .map((sender) => ({ extensionType: "external_senders", extensionData: encodeExternalSender(sender) }));
      export const externalSenderEncoder =`,
  },
  {
    file: "/ts-mls/dist/src/clientState.js",
    imports: EACH_SENDER,
    wrong: 'extensions.filter((e) => e.extensionType === "external_senders")',
    right: "eachSender(extensions)",
  },
  {
    file: "/ts-mls/dist/src/publicMessage.js",
    imports: EACH_SENDER,
    wrong: 'extensions.filter((ex) => ex.extensionType === "external_senders")',
    right: "eachSender(extensions)",
  },
  {
    // The sender's place is counted among the senders, not among all extensions.
    file: "/ts-mls/dist/src/externalProposal.js",
    imports: EACH_SENDER,
    wrong: "groupInfo.groupContext.extensions.findIndex(",
    right: "eachSender(groupInfo.groupContext.extensions).findIndex(",
  },
];

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  for (const { wrong, right, imports = "" } of FIXES.filter(({ file }) => url.endsWith(file))) {
    const source = loaded.source.toString();
    if (!source.includes(wrong)) throw new Error(`nothing to mend in ${url}: drop the fix`);
    loaded.source = imports + source.replaceAll(wrong, right);
  }
  return loaded;
}
