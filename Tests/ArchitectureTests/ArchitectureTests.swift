import Foundation
import Testing

@Suite("Architecture")
struct ArchitectureTests {
  @Test("No target depends on another without an arrow in the plan")
  func arrows() throws {
    let manifest = try PackageManifest.read()
    #expect(manifest.targets.contains { $0.name == "Machine" && $0.dependencies == ["ISA"] })
    for target in manifest.targets where !target.isTest {
      let allowed = try #require(Plan.arrows[target.name], "\(target.name) is not in the plan")
      let extra = target.dependencies.subtracting(allowed).sorted()
      #expect(extra.isEmpty, "\(target.name) may not depend on \(extra)")
    }
  }

  @Test("Nobody imports the command line")
  func commandLine() throws {
    for target in try PackageManifest.read().targets {
      #expect(!target.dependencies.contains("needletail"), "\(target.name)")
    }
  }

  @Test("No source file imports a module that its target cannot see along the arrows")
  func imports() throws {
    let ours = Set(Plan.arrows.keys).union(Plan.arrows.values.joined())
    for target in try PackageManifest.read().targets where !target.isTest {
      let visible = Plan.visible(from: target.name)
      for (module, files) in try SourceImports.modules(of: target.name) where ours.contains(module)
      {
        #expect(visible.contains(module), "\(target.name) imports \(module) in \(files)")
      }
    }
  }

  @Test("What runs every cycle imports no part of the system")
  func systemModules() throws {
    let ours = Set(Plan.arrows.keys)
    for (target, allowed) in Plan.systemModules {
      for (module, files) in try SourceImports.modules(of: target) where !ours.contains(module) {
        #expect(allowed.contains(module), "\(target) imports \(module) in \(files)")
      }
    }
    #expect(try SourceImports.modules(of: "Machine")["ISA"] != nil)
  }

  @Test(
    "Imports are recognised in all their spellings",
    arguments: [
      ("import Foundation", "Foundation"), ("  @testable import Machine // why", "Machine"),
      ("public import struct ISA.Opcode", "ISA"), ("@preconcurrency private import Glibc", "Glibc"),
      ("// import Foundation", nil), ("let important = 1", nil), ("import Machine;", "Machine"),
    ] as [(String, String?)])
  func spelling(line: String, module: String?) {
    #expect(SourceImports.module(importedBy: line[...]) == module)
  }

  @Test("The plan has no circles")
  func circles() {
    for target in Plan.arrows.keys {
      #expect(!Plan.visible(from: target).contains(target), "\(target)")
    }
  }
}
