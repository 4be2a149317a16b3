/** What differs in requests whatever they are about, in discovery, in patches and in subresources. */
import type { Exception } from '../exceptions.ts';

export const requestExceptions: Exception[] = [
  {
    where: /^discovery\/.* body\.resources\.[\w/]+\.singularName$/,
    reference: /^""$/,
    kubets: /^"\w+"$/,
    reason: 'singular names are told since 1.27',
  },
  {
    where:
      /^discovery\/.* body\.resources\.(pods\/(ephemeralcontainers|resize)|cronjobs|cronjobs\/status|ipaddresses|servicecidrs|servicecidrs\/status|csistoragecapacities|volumeattributesclasses|mutatingadmissionpolic\w+|validatingadmissionpolic\w+(\/status)?|selfsubjectreviews)$/,
    reference: /^$/,
    reason: 'came after 1.20, into this version of the group at least',
  },
  {
    where: /^discovery\/.* body\.resources\.services\.verbs\.deletecollection$/,
    reference: /^$/,
    reason: 'services can be deleted as a collection since 1.23',
  },
  {
    where: /^discovery\/.* body\.resources\.pods\/eviction\.version$/,
    reference: /"v1beta1"/,
    kubets: /"v1"/,
    reason: 'policy/v1 since 1.22',
  },
  {
    where: /^requests-paths\/(unknown paths #0|other documents #4) /,
    reference: /"paths"|application\/json/,
    kubets: /404 page not found|text\/plain/,
    reason: '1.20 lists the paths of its last delegate, later releases do not',
  },
  {
    where: /^requests-queries\/parameters.* body\.message$/,
    reference: /unable to parse requirement: (invalid label key|for 'Gt', 'Lt' operators)/,
    kubets: /unable to parse requirement: (<nil>|values\[0\]): Invalid value/,
    reason: 'says which part since 1.22',
  },
  {
    where: /^requests-queries\/dryRun #12 body\.spec\.clusterIPs?$/,
    reference: /^$/,
    reason: 'a dry run is told an address since 1.23',
  },
  {
    where: /^requests-queries\/dryRun #13 body\.metadata\.labels$/,
    reference: /^$/,
    reason: 'namespaces are labelled with their names since 1.21',
  },
  {
    where: /^requests-bodies\/patches of the wrong type #6 status$/,
    reference: /^"422 Invalid: /,
    kubets: /^"400 BadRequest: error decoding patch/,
    reason: 'a merge patch that is no object is refused when it is read since 1.24',
  },
  {
    where: /^requests-bodies\/patches of the wrong type #(5|10|11) body\.message$/,
    reference: /JSON input|EOF|yaml/,
    kubets: /error decoding patch|yaml/,
    reason: 'other parsers, with messages of their own',
  },
  {
    where: /^(requests-bodies\/patches of the wrong type #13|patches-apply\/who owns what #15) body\.message$/,
    reference: /Incorrect version specified in apply patch/,
    kubets: /invalid object type: /,
    reason: 'the kind is looked at first since 1.22',
  },
  {
    where: /^subresources-scale\/\w+ #\d+ status$/,
    reference: /doc is missing key|^"200"$/,
    kubets: /^"422 Invalid: the server rejected our request due to an error in our request"$/,
    reason: 'a JSON patch cannot replace what is not there since 1.24',
  },
  {
    where: /^subresources-pods\/.* body\.(rows\[\d+\]\.object\.)?metadata\.generation$/,
    reference: /^$/,
    kubets: /^\d+$/,
    reason: 'pods have a generation since 1.33',
  },
  {
    where: /^subresources-pods\/.* body\.(columnDefinitions\.Restarts\.type|rows\[\d\]\.cells\.Restarts)$/,
    reason: 'the column also tells when since 1.22, so it is text',
  },
  {
    where: /^subresources-others\/tokens of service accounts #1 body\.metadata\.(creationTimestamp|name|namespace)$/,
    reference: /^(null)?$/,
    reason: 'the answer says whose token it is since 1.22',
  },
  {
    where: /^subresources-others\/finalizing namespaces #\d body\.metadata\.labels$/,
    reference: /^$/,
    reason: 'namespaces are labelled with their names since 1.21',
  },
  {
    where: /^subresources-others\/who nobody is #1 status$/,
    reference: /User \\"system:anonymous\\"/,
    kubets: /^"401 Unauthorized/,
    reason: 'kubets lets nobody in who does not say who they are',
  },
  {
    where: /^patches-strategic\/services, finalizers and maps #[78] body\.metadata\.labels$/,
    reference: /^\{"a":""\}$/,
    kubets: /^$/,
    reason: '1.20 makes an empty label of a null',
  },
  {
    where: /^patches-strategic\/services, finalizers and maps #9 body\./,
    reference: /primary clusterIP can not be unset|clusterIPs\[0\]|"spec\.ports"|FieldValueInvalid/,
    reason: 'an update keeps the address of a service since 1.21',
  },
  {
    where: /^(patches-apply\/ports of a service|core-services\/the status subresource).* (status|body\..*)$/,
    kubets:
      /may only be used when `spec\.type` is 'LoadBalancer'|^"status\.loadBalancer\.ingress"$|^"FieldValueForbidden"$|^$/,
    reason: 'only services of type LoadBalancer have ingress addresses since 1.26',
  },
  {
    where: /^(patches-strategic|patches-apply|requests-queries)\/.* body\.spec\.(ipFamilyPolicy|ipFamilies)$/,
    reference: /^$/,
    reason: 'alpha in 1.20, switched off',
  },
  {
    where:
      /^requests-queries\/options of creations and updates #\d body\.metadata\.managedFields\[\d\]\.fieldsV1\.f:data\./,
    reference: /^\{\}$/,
    kubets: /^$/,
    reason: 'who owns a map as such no longer gets back what it holds: structured-merge-diff divides nothing again',
  },
  {
    where: /^requests-queries\/options of deletions #[78] status$/,
    reference: /^"200"$/,
    kubets: /^"404 NotFound: configmaps \\"x\\" not found"$/,
    reason: "a complete cluster's garbage collector has been there",
    sometimes: true,
  },
  {
    where: /^requests-bodies\/YAML #2 body\.message$/,
    reference: /yaml: line 1: did not find expected node content/,
    kubets: /yaml: unexpected end of the stream within a flow collection/,
    reason: 'another parser, with messages of its own',
  },
  {
    where: /^patches-apply\/who owns what #(5|6|8|9|14) body\.metadata\.managedFields\[\d\]/,
    reason: 'an empty map that is applied belongs to who applies it; to 1.20 it is nothing',
  },
  {
    where: /^(custom-resources\/.*|apiextensions-.*) body\..*managedFields\[0\]\.fieldsV1\.f:status$/,
    kubets: /^$/,
    reason: 'what a write to the object itself leaves as it was, as the status, is not owned by it since 1.21',
  },
  {
    where: /^custom-resources\/the life of an object #(12|14|20|23) body\..*managedFields\[\d\]/,
    reason:
      'since 1.21 the status is not owned by who writes the rest and the rest not by who writes the status, since 1.22 they are entries of their own, and 1.20 does not look at the schema of what is applied',
  },
  {
    where: /^custom-resources\/the life of an object #5 body$/,
    reference: /f:status:/,
    same: (reference, kubets) => reference.replace(/\n {6}f:status:(\n {8}.*)+/, '') === kubets,
    reason: 'what a write to the object itself leaves as it was, as the status, is not owned by it since 1.21',
  },
  {
    where: /^(custom-resources|apiextensions-customresourcedefinitions)\/.* body\.details\.causes\[\d\]\.reason$/,
    reference: /"FieldValueInvalid"/,
    kubets: /"FieldValueTypeInvalid"|"FieldValueTooLong"|"FieldValueTooMany"/,
    reason: 'schema validation tells these apart since 1.22',
  },
  {
    where: /^custom-resources\/objects that are not valid #(8|11) body\./,
    reference: /should be at most 5 chars long|should have at most 2 items/,
    kubets: /Too long: may not be more than 5 bytes|Too many: 3: must have at most 2 items/,
    reason: 'schema validation words these as all others since 1.22',
  },
  {
    where: /^custom-resources\/objects that are not valid #12 body\./,
    reference: /spec\.list\b(?!\[)/,
    kubets: /spec\.list\[0\]/,
    reason: 'schema validation says which item since 1.22',
  },
  {
    where: /^custom-resources\/objects that are not valid #23 body\.message$/,
    reference: /unmarshalerDecoder: Object 'Kind' is missing in .*, error found in/,
    kubets: /: Object 'Kind' is missing in '\{.*\}'"$/,
    reason: 'another JSON decoder since 1.23, with messages of its own',
  },
  {
    where: /^apiextensions-customresourcedefinitions\/deletions #6 body\.metadata\.finalizers\[1\]$/,
    kubets: /^$/,
    reason: 'kubets has cleaned up after the definition already',
    sometimes: true,
  },
  {
    where: /^patches-strategic\/JSON patches #(4 status|8 body\.data\.absent)$/,
    reference: /^"200"$|^"x"$/,
    reason: 'a JSON patch cannot replace what is not there since 1.24',
  },
  {
    where: /^patches-strategic\/JSON patches #12 status$/,
    reference: /^"422 /,
    kubets: /^"400 BadRequest: the name of the object \(x based on URL\) was undeterminable/,
    reason: 'a JSON patch may replace the whole document since 1.24',
  },
];
